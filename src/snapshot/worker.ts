/** Script of the realm that initializes Python for the snapshot. */
import "./still.js";
import "../hosts/node/realm-worker.js";
