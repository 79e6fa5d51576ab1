"""Makes the pictures and arrays in this folder, with Pillow and NumPy: other people's writers for our readers.

Every picture is 24 x 16 (16 x 24 as stored where a camera's orientation turns it) and shows four quarters: red and green
above, blue and grey below. Pillow 13.0, NumPy 2.4.
"""
import io
import numpy as np
from PIL import Image, TiffImagePlugin

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 40), (20, 40, 210), (128, 128, 128)


def quarters():
    a = np.zeros((16, 24, 3), np.uint8)
    a[:8, :12], a[:8, 12:], a[8:, :12], a[8:, 12:] = RED, GREEN, BLUE, GREY
    return a


rgb = Image.fromarray(quarters())
rgb.save("rgb.png")
rgb.save("rgb.jpg", quality=95, subsampling=0)
rgb.save("progressive.jpg", quality=95, subsampling=0, progressive=True)
rgb.convert("CMYK").save("cmyk.jpg", quality=95)
rgb.save("rgb.bmp")
rgb.quantize(8).save("palette.png")
rgb.quantize(8).save("palette.bmp")
rgb.quantize(8).save("palette.gif")
rgb.save("lossless.webp", lossless=True)
rgb.save("lossy.webp", quality=95)
rgb.save("rgb.tiff")
rgb.save("lzw.tiff", compression="tiff_lzw")
rgb.convert("L").save("grey.png")
rgb.convert("L").save("grey.jpg", quality=95)
rgb.convert("L").save("grey.tiff")
Image.fromarray((quarters()[:, :, 1].astype(np.uint16) * 257)).save("grey16.png")
Image.fromarray(quarters()[:, :, 1] >= 128).save("bit.png")

alpha = quarters()
alpha = np.dstack([alpha, np.full((16, 24), 255, np.uint8)])
alpha[8:, 12:, 3] = 0  # the grey quarter cannot be seen
rgba = Image.fromarray(alpha)
rgba.save("rgba.png")
rgba.save("rgba.webp", lossless=True)
rgba.save("rgba.tiff")
rgba.quantize(8).save("palette-alpha.png")

# A first frame that covers the right half only; the rest is transparent.
frame = rgb.quantize(8)
buffer = io.BytesIO()
frame.crop((12, 0, 24, 16)).save(buffer, "GIF")
raw = bytearray(buffer.getvalue())
raw[6:10] = (24).to_bytes(2, "little") + (16).to_bytes(2, "little")  # the canvas
at = raw.index(b",", 13 + 3 * 2 ** ((raw[10] & 7) + 1))  # the frame's descriptor follows the palette
raw[at + 1 : at + 3] = (12).to_bytes(2, "little")
open("partial.gif", "wb").write(raw)

# What a camera held in each of eight ways stores, with the tag that says so: all of them are the same picture upright.
undo = [
    None, None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270,
]
for o in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = o
    stored = rgb if undo[o] is None else rgb.transpose(undo[o])
    stored.save(f"exif{o}.jpg", quality=95, subsampling=0, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
rgb.transpose(undo[6]).save("exif6.png", exif=exif)
rgb.transpose(undo[6]).save("exif6.webp", lossless=True, exif=exif)
rgb.transpose(undo[6]).save("exif6.tiff", tiffinfo={0x0112: 6})

# Arrays. Three pictures of 2 x 3 pixels whose values count up.
count = np.arange(3 * 2 * 3, dtype=np.uint8).reshape(3, 2, 3)
np.save("u1.npy", count)
np.save("fortran.npy", np.asfortranarray(count))
np.save("f4.npy", (count / 17).astype(np.float32))                     # 0 to 1
np.save("f8be.npy", (count / 17 * 2 - 1).astype(">f8"))                # -1 to 1
np.save("u2.npy", count.astype(np.uint16) * 3855)                      # 0 to 65535
np.save("i8.npy", count.astype(np.int64) * 15)                         # 0 to 255
np.save("bool.npy", count > 8)
np.save("planes.npy", np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5))
with open("version2.npy", "wb") as f:
    np.lib.format.write_array(f, count, version=(2, 0))
np.savez_compressed("keras.npz", x_train=count, y_train=np.array([1, 0, 1]), x_test=count[:2] + 100, y_test=np.array([[0], [1]]))
