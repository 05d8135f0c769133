package contracts

import (
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// RequestTemplate is the template that a body has to match by the description: its own values, as far as they conform,
// and values that would in place of those that do not. What the description does not have is left out.
func (d *Description) RequestTemplate(body []byte) schema.Template {
	v, _ := jsontext.Decode(body)
	return d.document.TemplateOf(v, d.body)
}

// ResponseTemplate is the template of a JSON body of the success that the description has, and its media type as the
// description writes it; ok is false where there is none.
func (d *Description) ResponseTemplate() (t schema.Template, media string, ok bool) {
	_, r := d.Success()
	for _, m := range r.Media {
		if m.validator != nil && isJSON(m.ranges[0]) {
			return d.document.PlainTemplate(m.Schema), m.Name, true
		}
	}
	return schema.Template{}, "", false
}
