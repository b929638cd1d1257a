import { FakeClock } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Breaker, breakerMemory } from "./breaker.ts";

function breaker() {
  const clock = new FakeClock();
  const subject = new Breaker({ failureRatio: 0.5, minRequests: 4, windowMs: 1000, openMs: 500 }, clock);
  const ended = (...outcomes: readonly ("succeeded" | "failed" | "abandoned")[]): void => {
    for (const outcome of outcomes) {
      expect(subject.admit()).toBe(true);
      subject[outcome]();
    }
  };
  return { clock, subject, ended };
}

describe("Breaker", () => {
  test("opens when half of at least four requests have failed", () => {
    const { subject, ended } = breaker();
    ended("failed", "failed", "failed");
    expect(subject.state).toBe("closed");
    ended("failed");
    expect(subject.state).toBe("open");
    expect(subject.admit()).toBe(false);
  });

  test("stays closed while fewer fail", () => {
    const { subject, ended } = breaker();
    ended("succeeded", "succeeded", "failed", "succeeded", "failed", "succeeded");
    expect(subject.state).toBe("closed");
    ended("failed", "failed");
    expect(subject.state).toBe("open");
  });

  test("stays open for as long as the failure that opened it asked for, a minute at most, and says how long that is", async () => {
    const { clock, subject, ended } = breaker();
    ended("succeeded", "failed", "failed");
    subject.admit();
    subject.failed(2000);
    expect([subject.state, subject.retryInMs]).toEqual(["open", 2000]);
    await clock.advance(1999);
    expect(subject.admit()).toBe(false);
    await clock.advance(1);
    expect([subject.retryInMs, subject.admit()]).toEqual([0, true]);
    subject.failed(3_600_000);
    expect(subject.retryInMs).toBe(60_000);
    await clock.advance(60_000);
    subject.admit();
    subject.failed();
    expect(subject.retryInMs).toBe(500);
    await clock.advance(500);
    subject.admit();
    subject.succeeded();
    expect([subject.state, subject.retryInMs]).toEqual(["closed", 0]);
  });

  test("forgets what is older than its window", async () => {
    const { clock, subject, ended } = breaker();
    ended("failed", "failed", "failed");
    await clock.advance(1000);
    ended("failed");
    expect(subject.state).toBe("closed");
    // Where what is old still lies in its place, for nothing has come there since.
    await clock.advance(1350);
    ended("failed", "failed", "failed");
    expect(subject.state).toBe("closed");
    await clock.advance(100_000);
    ended("failed", "failed");
    expect(subject.state).toBe("closed");
    await clock.advance(500);
    ended("failed", "failed");
    expect(subject.state).toBe("open");
  });

  test("lets one request try when the open time has passed, and closes when that one succeeds", async () => {
    const { clock, subject, ended } = breaker();
    ended("failed", "failed", "failed", "failed");
    await clock.advance(499);
    expect(subject.admit()).toBe(false);
    await clock.advance(1);
    expect(subject.admit()).toBe(true);
    expect(subject.state).toBe("trying");
    expect(subject.admit()).toBe(false);
    subject.succeeded();
    expect(subject.state).toBe("closed");
    ended("failed", "failed", "failed");
    expect(subject.state).toBe("closed");
  });

  test("opens again for the whole time when the trial fails", async () => {
    const { clock, subject, ended } = breaker();
    ended("failed", "failed", "failed", "failed");
    await clock.advance(500);
    ended("failed");
    expect(subject.state).toBe("open");
    await clock.advance(499);
    expect(subject.admit()).toBe(false);
    await clock.advance(1);
    expect(subject.admit()).toBe(true);
  });

  test("lets the next request try when the trial came to nothing", async () => {
    const { clock, subject, ended } = breaker();
    ended("failed", "failed", "failed", "failed");
    await clock.advance(500);
    ended("abandoned", "abandoned", "succeeded");
    expect(subject.state).toBe("closed");
  });

  test("is not moved by requests that began before it opened", () => {
    const { subject, ended } = breaker();
    for (let count = 0; count < 6; count++) subject.admit();
    ended("failed", "failed", "failed", "failed");
    for (const late of ["succeeded", "failed", "abandoned"] as const) subject[late]();
    expect(subject.state).toBe("open");
  });

  test("forgets everything when somebody knows better", () => {
    const { subject, ended } = breaker();
    ended("failed", "failed", "failed", "failed");
    subject.reset();
    ended("failed", "failed", "failed");
    expect(subject.state).toBe("closed");
  });

  test("whatever happens, it always lets a request try again after the open time", async () => {
    const step = fc.oneof(fc.constantFrom("succeeded", "failed", "abandoned"), fc.integer({ min: 0, max: 700 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, subject } = breaker();
        for (const one of steps) {
          if (typeof one === "number") await clock.advance(one);
          else if (subject.admit()) subject[one as "succeeded"]();
        }
        expect(subject.state).not.toBe("trying");
        await clock.advance(500);
        expect(subject.admit()).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("breakers with one memory", () => {
  const policy = { failureRatio: 0.5, minRequests: 4, windowMs: 1000, openMs: 500 };

  test("count together, open together, and send one trial in all", async () => {
    const clock = new FakeClock();
    const memory = breakerMemory();
    const [one, other] = [new Breaker(policy, clock, memory), new Breaker(policy, clock, memory)];
    for (const subject of [one, other, one, other]) {
      expect(subject.admit()).toBe(true);
      subject.failed();
    }
    expect([one.state, other.state, one.admit(), other.admit()]).toEqual(["open", "open", false, false]);
    await clock.advance(500);
    expect([other.admit(), one.admit(), one.state]).toEqual([true, false, "trying"]);
    other.succeeded();
    expect([one.state, one.admit()]).toEqual(["closed", true]);
  });

  test("send one trial when two ask at the same moment", async () => {
    const clock = new FakeClock();
    const memory = breakerMemory();
    let between: (() => void) | undefined;
    const interrupted = Object.assign(Object.create(clock) as FakeClock, {
      now: () => {
        // Another thread goes the whole way while this one is on it.
        between?.();
        return clock.now();
      },
    });
    const [slow, quick] = [new Breaker(policy, interrupted, memory), new Breaker(policy, clock, memory)];
    for (let count = 0; count < 4; count++) quick.failed();
    await clock.advance(500);
    const admitted: boolean[] = [];
    between = () => {
      between = undefined;
      admitted.push(quick.admit());
    };
    admitted.push(slow.admit());
    expect(admitted).toEqual([true, false]);
  });

  test("send another trial when the first has not ended for a minute, for its thread may be gone", async () => {
    const clock = new FakeClock();
    const memory = breakerMemory();
    const [gone, left] = [new Breaker(policy, clock, memory), new Breaker(policy, clock, memory)];
    for (let count = 0; count < 4; count++) gone.failed();
    await clock.advance(500);
    expect(gone.admit()).toBe(true);
    await clock.advance(59_999);
    expect(left.admit()).toBe(false);
    await clock.advance(1);
    expect([left.admit(), left.admit()]).toEqual([true, false]);
    left.succeeded();
    expect(left.state).toBe("closed");
  });
});
