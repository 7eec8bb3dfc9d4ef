/// What befalls processes, networks and the provider, at random moments.
final class Faults {
    private unowned(unsafe) let world: World

    init(world: World) {
        self.world = world
    }

    func begin() {
        let every = world.plan.faultEvery
        world.timeline.after(world.chance.time(.milliseconds(1)...(every * 2))) { [self] in
            guard world.isTroubled else { return }
            strike()
            begin()
        }
    }

    private func strike() {
        guard !world.workers.isEmpty else { return }
        let worker = world.chance.pick(world.workers)
        switch world.chance.number(0...12) {
        case 0, 1:
            worker.crash()
            world.workerEnded(worker)
        case 2: if !worker.isPaused { worker.stop() }
        case 3, 4, 5: pause(worker)
        case 6, 7:
            worker.kafkaCutUntil =
                world.now + world.chance.time(.milliseconds(100)...(.seconds(20)))
            world.note("\(worker.name) is cut off from Kafka until \(worker.kafkaCutUntil.text)")
            world.timeline.at(worker.kafkaCutUntil + 1) { worker.planTurn() }
        case 8: worker.providerCutUntil = world.now + world.chance.time(0...(.seconds(10)))
        case 9: world.provider.isDownUntil = world.now + world.chance.time(0...(.seconds(10)))
        case 10: world.provider.refusesUntil = world.now + world.chance.time(0...(.seconds(5)))
        case 11: suspend()
        default: if world.workers.count < 5 { world.startWorker(in: worker.group, after: 0) }
        }
    }

    private func suspend() {
        world.publish(isPaused: true)
        world.timeline.after(world.chance.time(0...(.seconds(10)))) { [world] in
            world.publish(isPaused: false)
        }
    }

    private func pause(_ worker: Worker) {
        if worker.isPaused { return }
        worker.pause()
        let longest: Time = world.chance.pick([.milliseconds(200), .seconds(6), .seconds(60)])
        world.timeline.after(world.chance.time(.milliseconds(1)...longest)) { worker.resume() }
    }

    /// Everything works again.
    func heal() {
        let now = world.now
        world.provider.isDownUntil = now
        world.provider.refusesUntil = now
        for worker in world.workers {
            worker.kafkaCutUntil = min(worker.kafkaCutUntil, now)
            worker.providerCutUntil = now
            worker.resume()
            worker.planTurn()
        }
    }
}
