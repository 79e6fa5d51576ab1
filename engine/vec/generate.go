package vec

// The assembly and the coefficients are written by asm, which is a module of its own. What is checked in must be what these
// write: run go generate, and the tree must be unchanged.

//go:generate go run -C asm . -coefficients ../coefficients.go
//go:generate go run -C asm . -family plain -out ../plain_amd64.s -stubs ../plain_amd64.go -pkg vec
//go:generate go run -C asm . -family reduce -out ../reduce_amd64.s -stubs ../reduce_amd64.go -pkg vec
//go:generate go run -C asm . -family math -out ../math_amd64.s -stubs ../math_amd64.go -pkg vec
//go:generate go run -C asm . -family memory -out ../memory_amd64.s -stubs ../memory_amd64.go -pkg vec
//go:generate go run -C asm . -family philox -out ../philox_amd64.s -stubs ../philox_amd64.go -pkg vec
//go:generate go run -C asm . -family pow -out ../pow_amd64.s -stubs ../pow_amd64.go -pkg vec
