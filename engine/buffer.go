package engine

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Buffer is an array in row-major order. It implements compute.Buffer. Its memory is ordinary Go memory, shared with the caller who asks for Data.
type Buffer struct {
	backend *Backend
	shape   shapes.Shape

	mu     sync.Mutex
	mem    []byte
	gone   bool // finalized or donated
	shared bool // a caller has seen the memory, and may still look at it
	users  int  // executions that read it now
}

var _ compute.Buffer = (*Buffer)(nil)

func newBuffer(b *Backend, shape shapes.Shape, mem []byte) *Buffer {
	return &Buffer{backend: b, shape: shape, mem: mem}
}

// BufferFromFlatData implements compute.Backend: it copies.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	mem, err := b.allocate(device, shape, b.recycle.get)
	if err != nil {
		return nil, err
	}
	v := reflect.ValueOf(flat)
	if v.Kind() != reflect.Slice || dtypes.FromGoType(v.Type().Elem()) != shape.DType || v.Len() != shape.Size() {
		return nil, fmt.Errorf("engine: a buffer of shape %s needs a slice of %d %s, got %T of length %d",
			shape, shape.Size(), shape.DType, flat, lengthOf(v))
	}
	if v.Len() > 0 {
		copy(mem, flatBytes(flat))
	}
	return newBuffer(b, shape.Clone(), mem), nil
}

func lengthOf(v reflect.Value) int {
	if v.Kind() != reflect.Slice {
		return 0
	}
	return v.Len()
}

// HasSharedBuffers implements compute.Backend.
func (b *Backend) HasSharedBuffers() bool { return true }

// NewSharedBuffer implements compute.Backend: flat is the buffer's own memory, zero at first.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (buffer compute.Buffer, flat any, err error) {
	mem, err := b.allocate(device, shape, b.heap.bytes)
	if err != nil {
		return nil, nil, err
	}
	return &Buffer{backend: b, shape: shape.Clone(), mem: mem, shared: true}, flatSlice(shape.DType, mem, shape.Size()), nil
}

func (b *Backend) allocate(device compute.DeviceNum, shape shapes.Shape, from func(n int) ([]byte, error)) ([]byte, error) {
	if err := b.alive(); err != nil {
		return nil, err
	}
	if device != 0 {
		return nil, fmt.Errorf("engine: device %d asked, there is only 0", device)
	}
	if err := supported(shape); err != nil {
		return nil, err
	}
	size, err := byteSize(shape)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	mem, err := from(size)
	if err != nil {
		return nil, fmt.Errorf("engine: shape %s: %w", shape, err)
	}
	return mem, nil
}

// supported is an error if arrays of this shape cannot be.
func supported(shape shapes.Shape) error {
	if !slices.Contains(types, shape.DType) {
		return fmt.Errorf("engine: data type %s: %w", shape.DType, compute.ErrNotImplemented)
	}
	if shape.IsDynamic() {
		return fmt.Errorf("engine: shape %s has axes of unknown length: %w", shape, compute.ErrNotImplemented)
	}
	return nil
}

// data is the memory, or an error if it has gone. A caller that keeps it says so: share for good, or use until done.
func (b *Buffer) data() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.locked()
}

func (b *Buffer) locked() ([]byte, error) {
	if b.gone {
		return nil, fmt.Errorf("engine: the buffer of shape %s has been finalized or donated", b.shape)
	}
	return b.mem, nil
}

// share is data that leaves the engine.
func (b *Buffer) share() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shared = true
	return b.locked()
}

// use is data for an execution; it stays what it is until done.
func (b *Buffer) use() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mem, err := b.locked()
	if err == nil {
		b.users++
	}
	return mem, err
}

// done ends a use.
func (b *Buffer) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users--
	b.settle()
}

// give ends the life of the buffer. When no execution reads it any more, its memory serves others, unless a caller has seen it.
func (b *Buffer) give(evenShared bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	b.shared = b.shared && !evenShared
	b.settle()
}

func (b *Buffer) settle() {
	if !b.gone || b.users > 0 {
		return
	}
	if !b.shared {
		b.backend.recycle.put(b.mem)
	}
	b.mem = nil
}

// Backend implements compute.Buffer.
func (b *Buffer) Backend() compute.Backend { return b.backend }

// Finalize implements compute.Buffer.
func (b *Buffer) Finalize() error {
	b.give(false)
	return nil
}

// Shape implements compute.Buffer.
func (b *Buffer) Shape() (shapes.Shape, error) { return b.shape, nil }

// DeviceNum implements compute.Buffer.
func (b *Buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

// ToFlatData implements compute.Buffer.
func (b *Buffer) ToFlatData(flat any) error {
	mem, err := b.data()
	if err != nil {
		return err
	}
	v := reflect.ValueOf(flat)
	if v.Kind() != reflect.Slice || dtypes.FromGoType(v.Type().Elem()) != b.shape.DType || v.Len() != b.shape.Size() {
		return fmt.Errorf("engine: the contents of a buffer of shape %s need a slice of %d %s, got %T of length %d",
			b.shape, b.shape.Size(), b.shape.DType, flat, lengthOf(v))
	}
	if v.Len() > 0 {
		copy(flatBytes(flat), mem)
	}
	return nil
}

// Data implements compute.Buffer: a slice of the buffer's own memory.
func (b *Buffer) Data() (flat any, err error) {
	mem, err := b.share()
	if err != nil {
		return nil, err
	}
	return flatSlice(b.shape.DType, mem, b.shape.Size()), nil
}

// CopyToDevice implements compute.Buffer: a copy, on the only device.
func (b *Buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	mem, err := b.data()
	if err != nil {
		return nil, err
	}
	to, err := b.backend.allocate(device, b.shape, b.backend.recycle.get)
	if err != nil {
		return nil, err
	}
	copy(to, mem)
	return newBuffer(b.backend, b.shape, to), nil
}
