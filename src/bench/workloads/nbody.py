"""The sun and its four giant planets, integrated in small steps."""

from math import pi, sqrt

LOOPS = 8
EXPECTED = -0.169087605

SUN_MASS = 4 * pi * pi
DAYS = 365.24


def solar_system():
    """Positions in astronomical units, velocities in those per year, masses; the whole at rest."""
    planets = [
        ([4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
         [0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023], 0.000954791938424326609),
        ([8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
         [-0.00276742510726411021, 0.00499852801234917238, 0.0000230417297573763929], 0.000285885980666130812),
        ([12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
         [0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556], 0.0000436624404335156298),
        ([15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
         [0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870], 0.0000515138902046611451),
    ]
    bodies = [([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], SUN_MASS)]
    bodies += [(place, [v * DAYS for v in speed], mass * SUN_MASS) for place, speed, mass in planets]
    sun = bodies[0][1]
    for axis in range(3):
        sun[axis] = -sum(speed[axis] * mass for _, speed, mass in bodies) / SUN_MASS
    return bodies


def advance(bodies, step, count):
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(count):
        for (p, v, m), (q, w, n) in pairs:
            dx = p[0] - q[0]
            dy = p[1] - q[1]
            dz = p[2] - q[2]
            pull = step * (dx * dx + dy * dy + dz * dz) ** -1.5
            ours = n * pull
            theirs = m * pull
            v[0] -= dx * ours
            v[1] -= dy * ours
            v[2] -= dz * ours
            w[0] += dx * theirs
            w[1] += dy * theirs
            w[2] += dz * theirs
        for p, v, _ in bodies:
            p[0] += step * v[0]
            p[1] += step * v[1]
            p[2] += step * v[2]


def energy(bodies):
    total = 0.0
    for i, (p, v, m) in enumerate(bodies):
        total += 0.5 * m * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        for q, _, n in bodies[i + 1:]:
            total -= m * n / sqrt(sum((a - b) ** 2 for a, b in zip(p, q)))
    return total


def run(loops):
    for _ in range(loops):
        bodies = solar_system()
        advance(bodies, 0.01, 1000)
        value = round(energy(bodies), 9)
    return value
