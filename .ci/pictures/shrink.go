package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"slices"
)

// shrunk writes a PNG with the 256 colours that it has most of; any other becomes the nearest of them. A page has few
// colours, but for the edges of letters.
func shrunk(out, in string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	counts := map[color.Color]int{}
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[picture.At(x, y)]++
		}
	}
	// Sorted to the last, so that a picture becomes the same one each time.
	most := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		ar, ag, ab, _ := a.RGBA()
		br, bg, bb, _ := b.RGBA()
		return slices.Compare([]uint32{ar, ag, ab}, []uint32{br, bg, bb})
	})
	palette := color.Palette(most[:min(len(most), 256)])
	nearest := map[color.Color]uint8{}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := picture.At(x, y)
			i, known := nearest[c]
			if !known {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, small); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o666)
}
