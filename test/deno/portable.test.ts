import { portableSuite } from "../portable/suite.js";

portableSuite("deno");
