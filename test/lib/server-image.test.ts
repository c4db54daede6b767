import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { operate } from "../../src/server/operate.ts";
import { ROOT } from "../support/command-line.ts";
import { serveMarket } from "../support/served-market.ts";

const IMAGE = join(ROOT, "lib/server-image");
const read = (name: string): string => readFileSync(join(IMAGE, name), "utf8");

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
const compose = parse(read("compose.yaml")) as Compose;

/** Instructions with their lines continued; the last stage alone. */
const instructions = read("Dockerfile").split("\n").filter((line) => /^[A-Z]+ /.test(line)).map((line) => ({ word: line.split(" ")[0]!, rest: line.slice(line.indexOf(" ") + 1) }));
const lastStage = instructions.slice(instructions.findLastIndex(({ word }) => word === "FROM"));
const allOf = (word: string): readonly string[] => lastStage.filter((one) => one.word === word).map(({ rest }) => rest);
const environment = Object.fromEntries(allOf("ENV").flatMap((line) => line.split(" ")).map((pair) => pair.split("=") as [string, string]));

let running: ChildProcess | undefined;
let folder: string | undefined;
afterEach(() => {
  running?.kill("SIGKILL");
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = running = undefined;
});

describe("the compose file", () => {
  const services = Object.values(compose.services);

  test("names files, volumes and secrets that are there, and images by their versions", () => {
    for (const { image, build, volumes = [], secrets = [] } of services) {
      if (build) expect(existsSync(resolve(IMAGE, build.context, build.dockerfile)), build.dockerfile).toBe(true);
      else expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      for (const [source] of volumes.map((volume) => volume.split(":") as [string])) {
        if (source.startsWith(".")) expect(existsSync(resolve(IMAGE, source)), source).toBe(true);
        else expect(compose.volumes).toHaveProperty(source);
      }
      for (const secret of secrets) expect(compose.secrets).toHaveProperty(secret);
    }
  });

  test("has no secret in it, opens its ports on this machine alone, and gives nobody a capability", () => {
    for (const { environment: given = {}, ports = [], cap_drop } of services) {
      for (const [name, value] of Object.entries(given)) if (/SECRET|PASSWORD|KEY|TOKEN/.test(name)) expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\/\w+$/)]);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(cap_drop).toEqual(["ALL"]);
    }
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\$\{\w+:\?/);
    expect(compose.services["server"]!.read_only).toBe(true);
  });

  test("Prometheus, its rules and Grafana are told of each other by names that exist", () => {
    const prometheus = parse(read("prometheus.yml")) as { rule_files: string[]; scrape_configs: { static_configs: { targets: string[] }[] }[] };
    const mounted = (service: string): readonly string[] => compose.services[service]!.volumes!.map((volume) => volume.split(":")[1]!);
    for (const rules of prometheus.rule_files) expect(mounted("prometheus")).toContain(rules);
    expect(prometheus.scrape_configs[0]!.static_configs[0]!.targets).toEqual([`server:${environment["BALLAST_SERVE_PORT"]}`]);
    const [source] = (parse(read("grafana/datasource.yaml")) as { datasources: { uid: string; url: string }[] }).datasources;
    expect(source).toMatchObject({ uid: "prometheus", url: "http://prometheus:9090" });
    const [provider] = (parse(read("grafana/dashboards.yaml")) as { providers: { options: { path: string } }[] }).providers;
    expect(mounted("grafana")).toContain(`${provider!.options.path}/market.json`);
    expect(compose.services["grafana"]!.environment!["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).toBe(`${provider!.options.path}/market.json`);
  });
});

test("every metric of the dashboard and of the alerts is in a running server's answer, with the labels that are asked for", async () => {
  const market = await serveMarket({ ann: "100000" }, { extend: (parts) => operate(parts, () => 0) });
  await market.quote("9.99", "10");
  await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: 1, side: "buy", type: "market", time_in_force: "day" });
  const text = await (await fetch(`${market.server.url}/metrics`)).text();
  await market.server.close();
  const dashboard = JSON.parse(read("grafana/market.json")) as { panels: { id: number; datasource: { uid: string }; targets: { expr: string }[] }[] };
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { datasource } of dashboard.panels) expect(datasource.uid).toBe("prometheus");
  const rules = (parse(read("alerts.yml")) as { groups: { rules: { expr: string }[] }[] }).groups.flatMap((group) => group.rules);
  const asked = [...dashboard.panels.flatMap(({ targets }) => targets), ...rules].flatMap(({ expr }) => expr.match(/\b(?:ballast|nodejs|process)_\w+/g) ?? []);
  const known = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) => (type === "histogram" || type === "summary" ? ["", "_bucket", "_count", "_sum"].map((end) => name! + end) : [name!])));
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  for (const name of ["ballast_order_events_total{event=", "ballast_request_seconds_count{method="]) expect(text).toContain(name);
  expect(text).toMatch(/ballast_request_seconds_bucket\{le="0.0001",method="POST",route="\/v2\/orders",status="200"\}/);
});

describe("the image", () => {
  test("runs as nobody in particular, is asked for its health, and has no secret in it", () => {
    expect(allOf("USER")).toEqual(["node"]);
    expect(allOf("HEALTHCHECK").length).toBe(1);
    expect(allOf("STOPSIGNAL")).toEqual(["SIGTERM"]);
    expect(Object.keys(environment).filter((name) => /SECRET|PASSWORD|TOKEN/.test(name))).toEqual([]);
    expect(allOf("VOLUME")).toEqual([environment["BALLAST_SERVE_DIR"]]);
  });

  test("is ignored but for what it is made of", () => {
    const kept = read("Dockerfile.dockerignore").split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const copied = instructions.filter(({ word, rest }) => word === "COPY" && !rest.startsWith("--from")).flatMap(({ rest }) => rest.split(" ").slice(0, -1));
    expect(kept.toSorted()).toEqual([...new Set(copied)].toSorted());
  });

  test("starts with the files that are copied, the settings and the command that it has, is healthy, and stops when it is told", async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-image-"));
    for (const [source] of allOf("COPY").filter((rest) => !rest.startsWith("--from")).map((rest) => rest.split(" ") as [string])) cpSync(join(ROOT, source), join(folder, source), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const [entry, command, health] = [allOf("ENTRYPOINT")[0]!, allOf("CMD")[0]!, allOf("HEALTHCHECK")[0]!.replace(/^.*? CMD /, "")].map((text) => JSON.parse(text) as string[]);
    const env = { PATH: process.env["PATH"], ...environment, ...compose.services["server"]!.environment, BALLAST_SERVE_DIR: join(folder, "market"), BALLAST_SERVE_HOST: "127.0.0.1", BALLAST_SERVE_PORT: String(await freePort()), BALLAST_SERVE_DRAIN: "0", BALLAST_SERVE_ADMIN_SECRET_FILE: join(ROOT, "package.json") };
    for (const start of ["first", "second"]) {
      running = spawn(process.execPath, [...entry!.slice(1), ...command!], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      running.stderr!.on("data", (text: Buffer) => (said += text.toString()));
      const [line] = (await Promise.race([once(createInterface({ input: running.stdout! }), "line"), once(running, "exit").then(([code]) => [`ended with ${String(code)}: ${said}`])])) as [string];
      expect(line, start).toMatch(/^serving http:/);
      expect(JSON.parse(said.trim().split("\n")[0]!)).toMatchObject({ level: "info" });
      expect(execFileSync(process.execPath, health!.slice(1), { env }).toString()).toBe("");
      running.kill("SIGTERM");
      expect(await once(running, "exit")).toEqual([0, null]);
    }
    expect(() => execFileSync(process.execPath, health!.slice(1), { env, stdio: "ignore" })).toThrow("Command failed");
  }, 120_000);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
