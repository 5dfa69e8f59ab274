// A control: main(case) calls one of two functions indirectly, the first so often that it is inlined, then the other one.
const CONTROL = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 10, 2, 96, 0, 1, 127, 96, 1, 127, 1, 127], // types: () -> i32, (i32) -> i32
  ...[3, 4, 3, 0, 0, 1], // functions
  ...[4, 4, 1, 112, 0, 2], // table of two
  ...[7, 8, 1, 4, 109, 97, 105, 110, 0, 2], // export
  ...[9, 8, 1, 0, 65, 0, 11, 2, 0, 1], // the table's elements
  ...[10, 19, 3, 4, 0, 65, 1, 11, 4, 0, 65, 2, 11, 7, 0, 32, 0, 17, 0, 0, 11], // 1; 2; call_indirect
]);
const { main } = new WebAssembly.Instance(new WebAssembly.Module(CONTROL)).exports;
for (let i = 0; i < 5_000_000; i++) {
  main(0);
}
main(1);

const { loadWeft } = await import("weft-python");
const weft = await loadWeft();
await weft.run(`
import threading

class Flag:
    def __bool__(self):
        return True

def work(count):
    lock = threading.Lock()
    found = {}
    for i in range(count):
        with lock:
            found[i % 97] = [i]
        if found and found[i % 97] and Flag():
            for values in (found, (i,), {i}, [i], str(i)):
                for value in values:
                    break

for i in range(10):
    work(3000)
thread = threading.Thread(target=work, args=(3000,))
thread.start()
thread.join()
`);
await weft.terminate();
