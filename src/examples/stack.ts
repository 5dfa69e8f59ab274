// A class for Python written with decorators. Workers load JavaScript: compile it first (esbuild --target=node20, tsc).
import { arg, field, pyclass, pyclassOf, pyconstructor, pyfield, PyInstance, pymethod, pymethodMut, pyModule, pyproperty, pystatic, t, type PyAny, type Python } from "weft-python";

@pyclass({ doc: "The last item comes first." })
class Stack extends PyInstance {
  @pyfield(field.object()) accessor items: PyAny | undefined;
  @pyfield(field.i32({ get: true, doc: "How many items there may be." })) accessor limit!: number;

  @pyconstructor({ args: [arg("limit", t.int, { default: 100 })] })
  begin(limit: number) {
    this.items = this.py.list();
    this.limit = limit;
  }

  @pymethodMut({ args: [arg("item", t.py)] })
  push(item: { intoBound(py: Python): PyAny }) {
    if (this.size >= this.limit) {
      throw this.py.error(this.py.builtin("OverflowError"), `there may be ${this.limit} items`);
    }
    this.items!.callMethod("append", item.intoBound(this.py));
  }

  @pymethodMut()
  pop(): PyAny {
    return this.items!.callMethod("pop");
  }

  @pymethod()
  peek(): PyAny {
    return this.items!.getItem(-1);
  }

  @pyproperty({ type: t.int, doc: "How many items there are." })
  get size(): number {
    return this.items!.length();
  }

  @pystatic({ returns: t.str })
  static order(): string {
    return "last in, first out";
  }
}

@pyclass()
class NamedStack extends Stack {
  @pyfield(field.str({ get: true })) accessor name: string | undefined;

  @pyconstructor({ args: [arg("name", t.str)] })
  beginNamed(name: string) {
    this.initBase(10);
    this.name = name;
  }
}

const definition = pyclassOf(Stack);

export const stacks = pyModule("stacks")
  .add(Stack)
  .add(NamedStack)
  .function("room", { args: [arg("stack", definition.schema)], returns: t.int }, (_, stack) => definition.borrow(stack, (it) => it.limit - it.size));
