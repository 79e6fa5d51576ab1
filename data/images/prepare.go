package images

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// part is what of a picture is meant.
type part byte

const (
	whole part = iota
	left       // half, of pictures side by side
	right
)

// of copies the part out of a picture.
func (h part) of(p *image.NRGBA) *image.NRGBA {
	if h == whole {
		return p
	}
	half := p.Rect.Dx() / 2
	from := 0
	if h == right {
		from = half
	}
	out := image.NewNRGBA(image.Rect(0, 0, half, p.Rect.Dy()))
	draw.Copy(out, image.Point{}, p, image.Rect(from, 0, from+half, p.Rect.Dy()), draw.Src, nil)
	return out
}

// prepare makes a picture the size and the channels of the form: [side, side, channels] bytes, into out.
//
// It scales with Catmull and Rom's cubic, whose kernel grows with the step, so nothing finer than a pixel of the result
// is left to flicker; a picture that has the right size is passed on to the bit. Scaling works on colours multiplied with alpha,
// so transparent pixels do not bleed.
func (f form) prepare(p *image.NRGBA, out []byte) {
	if f.Channels != 4 {
		p = lay(p, f.Background)
	}
	switch from, to := f.frame(p.Rect); {
	case from == p.Rect && p.Rect.Dx() == f.Side && p.Rect.Dy() == f.Side:
	case to == image.Rect(0, 0, f.Side, f.Side):
		p = scale(p, from, f.Side, f.Side)
	default:
		p = f.onCanvas(scale(p, from, to.Dx(), to.Dy()), to.Min)
	}
	f.pack(p, out)
}

// frame is the part of a picture that is used, and the place on the canvas that it takes.
func (f form) frame(r image.Rectangle) (from, to image.Rectangle) {
	w, h := r.Dx(), r.Dy()
	canvas := image.Rect(0, 0, f.Side, f.Side)
	if !f.Letterbox {
		side := min(w, h)
		return image.Rect(0, 0, side, side).Add(image.Pt((w-side)/2, (h-side)/2)), canvas
	}
	long := max(w, h)
	tw, th := max(1, (w*f.Side+long/2)/long), max(1, (h*f.Side+long/2)/long)
	return r, image.Rect(0, 0, tw, th).Add(image.Pt((f.Side-tw)/2, (f.Side-th)/2))
}

// lay puts a picture on a background, where it is transparent.
func lay(p *image.NRGBA, background color.NRGBA) *image.NRGBA {
	if p.Opaque() {
		return p
	}
	out := image.NewNRGBA(p.Rect)
	under := [3]int{int(background.R), int(background.G), int(background.B)}
	for i := 0; i < len(p.Pix); i += 4 {
		a := int(p.Pix[i+3])
		for c := range 3 {
			out.Pix[i+c] = byte((int(p.Pix[i+c])*a + under[c]*(255-a) + 127) / 255)
		}
		out.Pix[i+3] = 255
	}
	return out
}

// scale resamples a part of a picture.
func scale(p *image.NRGBA, from image.Rectangle, w, h int) *image.NRGBA {
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(scaled, scaled.Rect, p, from, draw.Src, nil)
	out := image.NewNRGBA(scaled.Rect)
	for i := 0; i < len(out.Pix); i += 4 {
		a := int(scaled.Pix[i+3])
		if a == 0 {
			continue // a colour that cannot be seen is black
		}
		for c := range 3 {
			out.Pix[i+c] = byte(min(255, (int(scaled.Pix[i+c])*255+a/2)/a))
		}
		out.Pix[i+3] = byte(a)
	}
	return out
}

// onCanvas puts a letterboxed picture between its bars: of the background, or transparent where alpha is kept.
func (f form) onCanvas(p *image.NRGBA, at image.Point) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, f.Side, f.Side))
	bars := f.Background
	if f.Channels == 4 {
		bars = color.NRGBA{}
	}
	for i := 0; i < len(out.Pix); i += 4 {
		copy(out.Pix[i:], []byte{bars.R, bars.G, bars.B, bars.A})
	}
	for y := range p.Rect.Dy() {
		copy(out.Pix[out.PixOffset(at.X, at.Y+y):], p.Pix[y*p.Stride:y*p.Stride+4*p.Rect.Dx()])
	}
	return out
}

// pack writes the channels of the form. Grey is the luma of ITU-R BT.601, in whole numbers: equal channels come out as they are.
func (f form) pack(p *image.NRGBA, out []byte) {
	switch f.Channels {
	case 4:
		copy(out, p.Pix)
	case 3:
		for i := range f.Side * f.Side {
			copy(out[3*i:3*i+3], p.Pix[4*i:])
		}
	default:
		for i := range f.Side * f.Side {
			r, g, b := uint32(p.Pix[4*i]), uint32(p.Pix[4*i+1]), uint32(p.Pix[4*i+2])
			out[i] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		}
	}
}

// picture is the i-th picture of a block.
func (b *block) picture(i int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, b.width, b.height))
	size := b.width * b.height * b.channels
	unpack(p.Pix, b.pix[i*size:(i+1)*size], b.channels)
	return p
}

// unpack spreads pixels of 1, 3 or 4 channels over four.
func unpack(to, from []byte, channels int) {
	for i := range len(to) / 4 {
		px := from[i*channels : (i+1)*channels]
		switch channels {
		case 4:
			copy(to[4*i:], px)
		case 3:
			to[4*i], to[4*i+1], to[4*i+2], to[4*i+3] = px[0], px[1], px[2], 255
		default:
			to[4*i], to[4*i+1], to[4*i+2], to[4*i+3] = px[0], px[0], px[0], 255
		}
	}
}

// valueRange is the smallest and the largest value of the colours.
func valueRange(p *image.NRGBA) (low, high int) {
	low = 255
	for i, v := range p.Pix {
		if i%4 != 3 {
			low, high = min(low, int(v)), max(high, int(v))
		}
	}
	return low, high
}
