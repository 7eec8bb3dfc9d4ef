import Logging
import Testing

@testable import aspayds_worker

/// What a line of the log looks like.
@Suite struct LogOutputTests {
    private struct Oddity: Error {}

    private func line(
        _ format: Settings.LogFormat,
        _ message: Logger.Message,
        _ metadata: Logger.Metadata,
        error: (any Error)? = nil
    ) -> String {
        var output = LogOutput(logLevel: .info, format: format)
        output[metadataKey: "domain"] = "payout"
        let event = LogEvent(
            level: .warning,
            message: message,
            error: error,
            metadata: metadata,
            source: nil,
            file: "",
            function: "",
            line: 1
        )
        return String(decoding: output.line(event, at: 1_770_672_600_007), as: UTF8.self)
    }

    @Test func jsonKeepsNumbersAndLists() {
        let metadata: Logger.Metadata = [
            "partition": .stringConvertible(Int32(3)), "offset": .stringConvertible(Int64(42)),
            "partitions": .array([.stringConvertible(0), .stringConvertible(1)]), "reference": "00",
            "roles": .array(["a", "b"]), "place": .dictionary(["b": "1", "a": "2"]),
        ]
        #expect(
            line(.json, "a request failed", metadata)
                == #"{"time":"2026-02-09T21:30:00.007Z","level":"warning","#
                + #""message":"a request failed","domain":"payout","offset":42,"partition":3,"#
                + #""partitions":[0,1],"place":{"a":"2","b":"1"},"reference":"00","#
                + #""roles":["a","b"]}"# + "\n"
        )
    }

    @Test func oneEventIsOneLineWhateverIsInIt() {
        let text = line(.text, "two\nlines", ["error": "a\r\nb"])
        #expect(text == "21:30:00.007Z warning  two lines domain=payout error=a b\n")
        let json = line(.json, "two\nlines", ["error": "a\r\nb"])
        #expect(json.contains(#""message":"two\nlines","domain":"payout","error":"a\r\nb"}"#))
        #expect(json.filter(\.isNewline) == "\n")
    }

    @Test func anErrorIsSaid() {
        #expect(line(.json, "m", [:], error: Oddity()).contains(#""error":"Oddity()""#))
    }
}
