"""A small picture of mirroring balls over a chequered floor."""

from math import sqrt

LOOPS = 5
EXPECTED = [368.9782, 520.08981, 703.29263]


class Vector:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def scale(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def unit(self):
        return self.scale(1.0 / sqrt(self.dot(self)))

    def mirrored(self, normal):
        return self - normal.scale(2.0 * self.dot(normal))


class Ball:
    def __init__(self, center, radius, color, mirror):
        self.center = center
        self.radius = radius
        self.color = color
        self.mirror = mirror

    def hit(self, start, direction):
        to = self.center - start
        along = to.dot(direction)
        inside = self.radius * self.radius - (to.dot(to) - along * along)
        return along - sqrt(inside) if inside > 0 else None

    def normal(self, point):
        return (point - self.center).unit()

    def color_at(self, point):
        return self.color


class Floor:
    mirror = 0.1

    def __init__(self, height):
        self.height = height

    def hit(self, start, direction):
        return (self.height - start.y) / direction.y if direction.y < -1e-9 else None

    def normal(self, point):
        return Vector(0.0, 1.0, 0.0)

    def color_at(self, point):
        odd = (int(point.x // 2) + int(point.z // 2)) & 1
        return Vector(0.9, 0.9, 0.9) if odd else Vector(0.1, 0.1, 0.1)


class Scene:
    def __init__(self):
        self.light = Vector(5.0, 8.0, -6.0)
        self.things = [Floor(-1.0)]
        for i in range(5):
            color = Vector(0.2 + 0.15 * i, 0.9 - 0.15 * i, 0.5)
            self.things.append(Ball(Vector(2.0 * i - 4.0, 0.2 * i, 4.0 + i), 1.0, color, 0.3))

    def nearest(self, start, direction):
        best = None
        for thing in self.things:
            distance = thing.hit(start, direction)
            if distance is not None and distance > 1e-6 and (best is None or distance < best[0]):
                best = distance, thing
        return best

    def color(self, start, direction, depth):
        found = self.nearest(start, direction)
        if found is None:
            return Vector(0.3, 0.5, 0.8)
        distance, thing = found
        point = start + direction.scale(distance)
        normal = thing.normal(point)
        to_light = (self.light - point).unit()
        shade = 0.2
        if self.nearest(point, to_light) is None:
            shade += 0.8 * max(0.0, normal.dot(to_light))
        color = thing.color_at(point).scale(shade * (1.0 - thing.mirror))
        if depth > 0:
            color += self.color(point, direction.mirrored(normal), depth - 1).scale(thing.mirror)
        return color


def run(loops):
    width, height = 40, 30
    for _ in range(loops):
        scene = Scene()
        eye = Vector(0.0, 1.0, -6.0)
        total = Vector(0.0, 0.0, 0.0)
        for row in range(height):
            for column in range(width):
                direction = Vector((column - width / 2) / width, (height / 2 - row) / width, 1.0).unit()
                total += scene.color(eye, direction, 2)
        value = [round(total.x, 5), round(total.y, 5), round(total.z, 5)]
    return value
