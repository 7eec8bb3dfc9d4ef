// swift-tools-version: 6.2

import PackageDescription

var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
// In CI; a newer compiler's new warnings must not break anybody's build.
if Context.environment["WARNINGS_AS_ERRORS"] != nil {
    settings.append(.treatAllWarnings(as: .error))
}

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let inMemoryTracing = Target.Dependency.product(
    name: "InMemoryTracing",
    package: "swift-distributed-tracing"
)
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "aspayds-worker",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Aspayds", targets: ["Aspayds"]),
        .executable(name: "aspayds-worker", targets: ["aspayds-worker"]),
        .executable(name: "aspayds-sandbox", targets: ["aspayds-sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: ["YAML"]
        ),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]
        ),
        .target(name: "CKafkaShim", dependencies: ["CRdKafka"]),
        .target(name: "Kafka", dependencies: ["CKafkaShim"], swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),
        .target(
            name: "Aspayds",
            dependencies: ["JSON", httpClient, nio, nioHTTP, nioPosix, nioSSL, tracing],
            swiftSettings: settings
        ),
        .target(
            name: "Contract",
            dependencies: ["Aspayds", "JSON", crypto],
            swiftSettings: settings
        ),
        .target(name: "Engine", dependencies: [collections], swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: ["Engine", collections],
            swiftSettings: settings
        ),
        .executableTarget(name: "simulate", dependencies: ["Simulation"], swiftSettings: settings),
        .target(
            name: "Telemetry",
            dependencies: [histogram, logging, metrics],
            swiftSettings: settings
        ),
        .target(
            name: "Workers",
            dependencies: [
                "Aspayds", "Contract", "Engine", "JSON", "Kafka", "Telemetry", lifecycle, logging,
                metrics, tracing,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Webhooks",
            dependencies: [
                "Contract", "JSON", "Telemetry", hummingbird, lifecycle, logging, nio, nioPosix,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Sandbox",
            dependencies: [
                collections, httpClient, hummingbird, lifecycle, logging, nio, nioHTTP,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "aspayds-worker",
            dependencies: [
                "Aspayds", "Contract", "Engine", "JSON", "Kafka", "Telemetry", "Webhooks",
                "Workers",
                arguments, configuration, lifecycle, logging, metrics, signals, tracing, yams,
            ],
            resources: [.embedInCode("topics.yaml")],
            swiftSettings: settings
        ),
        .target(name: "Samples", dependencies: ["Aspayds", "Contract"], swiftSettings: settings),
        .executableTarget(
            name: "ledger-bench",
            dependencies: ["Contract", "Kafka", "Samples", "Workers", arguments],
            swiftSettings: settings
        ),
        .target(name: "CCallgrind"),
        .executableTarget(
            name: "engine-bench",
            dependencies: [
                "Aspayds", "CCallgrind", "Contract", "Engine", "JSON", "Samples", "Workers",
                arguments,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "aspayds-sandbox",
            dependencies: ["Kafka", "Sandbox", arguments, lifecycle, logging],
            swiftSettings: settings
        ),
        .testTarget(name: "KafkaTests", dependencies: ["Kafka"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(
            name: "AspaydsTests",
            dependencies: ["Aspayds", "JSON", "Sandbox", inMemoryTracing, nio, nioPosix, tracing],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ContractTests",
            dependencies: ["Aspayds", "Contract", "JSON"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", metrics],
            swiftSettings: settings
        ),
        .testTarget(name: "EngineTests", dependencies: ["Engine"], swiftSettings: settings),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: settings),
        .testTarget(
            name: "WorkersTests",
            dependencies: [
                "Aspayds", "Contract", "Engine", "Kafka", "Sandbox", "Telemetry", "Workers",
                inMemoryTracing, lifecycle, logging, tracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "aspayds-sandbox", "Sandbox", httpClient, hummingbird, lifecycle, logging, nio,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "aspayds-worker", "Contract", "Kafka", "Webhooks", "Workers", httpClient, lifecycle,
                logging, nio, nioHTTP, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WorkerProgramTests",
            dependencies: [
                "aspayds-worker", "Aspayds", "Contract", "JSON", "Kafka", "Webhooks", arguments,
                httpClient, lifecycle, logging, nio, nioHTTP,
            ],
            swiftSettings: settings
        ),
    ]
)
