package reports_test

import (
	"fmt"
	"os"

	"github.com/kaizenautomation/andon/reports"
)

// A run is opened by its directory, and read for the formats that are wanted of it.
func ExampleOpen() {
	model, err := reports.Open("runs/20261124T060000Z-mixed")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, format := range reports.Formats() {
		if format.Name != "junit" {
			continue
		}
		err := model.Read(format)
		if err == nil {
			err = format.Render(os.Stdout, model)
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output: runs/20261124T060000Z-mixed is no run directory: it does not exist
}
