// The Python module "accounts", written in TypeScript. The playground has loaded it on every thread; what is changed here
// changes nothing. The fields are in the memory of the Python object, so all threads see the same ones.
import { arg, field, pyClass, pyException, pyModule, t } from "../../browser.js";

const Overdrawn = pyException("Overdrawn", { base: "ValueError" });

// "locked": methods wait for each other, so each is one step for all threads.
const Account = pyClass("Account", { fields: { balance: field.i32({ get: true }) }, locked: true })
  .constructs({ args: [arg("balance", t.int, { default: 0 })] }, (self, balance) => {
    self.balance = balance;
  })
  .methodMut("deposit", { args: [arg("amount", t.int)] }, (self, amount) => {
    self.balance += amount;
  })
  .methodMut("withdraw", { args: [arg("amount", t.int)] }, (self, amount) => {
    if (amount > self.balance) {
      throw Overdrawn.error(self.py, `${amount} is more than the ${self.balance} that are left`);
    }
    self.balance -= amount;
  })
  .method("__repr__", { returns: t.str }, (self) => `Account(${self.balance})`);

// Without "locked" nobody waits: a method that changes an object has it alone, or else Python gets an error.
const Meter = pyClass("Meter", { fields: { value: field.i32({ get: true }) } })
  .constructs({}, (self) => {
    self.value = 0;
  })
  .methodMut("update", { args: [arg("change", t.py)] }, (self, change) => {
    self.value = change.intoBound(self.py).call(self.value).toJs() as number;
  });

export const accounts = pyModule("accounts", { doc: "Classes in TypeScript." }).add(Account).add(Meter).exception(Overdrawn);
