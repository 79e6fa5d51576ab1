package images

import ("testing";"context";"time";"encoding/json";"github.com/ganymede-gan/ganymede/internal/shared")

func TestSmoke(t *testing.T){
 for _, n := range []string{"mnist","fashion-mnist","cifar10-jpg","cifar10-jpg/cifar-binary","emoji/noto","fruits-100","pneumonia-mnist","pneumonia-mnist/pneumoniamnist.npz","mnist/t10k-images-idx3-ubyte.gz","sprite-clips", "text", "emoji/emoji.csv","drums"} {
  t0:=time.Now()
  s, err := Scan(context.Background(), shared.Dir(t,"data",n), ScanOptions{})
  if err!=nil { t.Log(n, err); continue}
  b,_ := json.Marshal(s)
  if len(b)>900 {b=b[:900]}
  t.Log(n, time.Since(t0), string(b))
  t0=time.Now()
  set, err := s.Load(context.Background(), Options{Memory:1024,Holdout:.05,Cache:t.TempDir()}, nil)
  if err!=nil { t.Log(n, err); continue}
  t.Log(time.Since(t0), set.Origin, set.Train.Fields(), set.Notes, len(set.Split.HeldOut))
 }
}
