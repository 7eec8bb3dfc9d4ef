import Testing

@testable import aspayds_worker

/// Text that has to fit.
@Suite struct StyledLineTests {
    @Test(arguments: [
        ("abc", 3), ("ব্যাংক", 5), ("银行", 4), ("e\u{301}", 1), ("🏦", 2), ("☁\u{FE0F}", 2), ("", 0),
    ])
    func columnsAreThoseOfATerminal(_ text: String, _ columns: Int) {
        #expect(text.columns == columns)
    }

    @Test func whatIsCutOffIsAnEllipsis() {
        #expect("abcdef".clipped(to: 6) == "abcdef")
        #expect("abcdef".clipped(to: 5) == "abcd…")
        #expect("银行关门".clipped(to: 6) == "银行…")
        #expect("abc".clipped(to: 1) == "…")
        #expect("abc".clipped(to: 0) == "")
    }

    @Test func linesAreBrokenBetweenWords() {
        #expect("the bank is closed".wrapped(to: 8) == ["the bank", "is", "closed"])
        #expect("a 0123456789 b".wrapped(to: 4) == ["a", "0123", "4567", "89 b"])
        #expect("银行关门".wrapped(to: 5) == ["银行", "关门"])
        #expect("".wrapped(to: 5) == [""])
        #expect("银".wrapped(to: 1) == ["银"])
    }

    @Test func aLineOfPiecesIsCutAsOne() {
        var line = StyledLine("state", .faint)
        line.add("  flowing", .good)
        #expect(line.clipped(to: 14) == line)
        #expect(line.clipped(to: 13).text == "state  flowi…")
        #expect(line.clipped(to: 5).text == "stat…")
        #expect(line.clipped(to: 0).text == "")
        #expect(line.painted(true) == "\u{1B}[2mstate\u{1B}[0m\u{1B}[32m  flowing\u{1B}[0m")
        #expect(StyledLine("a\u{1B}[2Jb").text == "a?[2Jb")
    }

    @Test func columnsOfATableLineUpByWhatIsSeen() {
        var table = Table(["NAME", "N"])
        table.add(["银行", "1"])
        table.add(["e\u{301}", "2"])
        #expect(table.lines() == ["NAME  N", "银行  1", "e\u{301}     2"])
    }

    @Test func numbersAreGrouped() {
        #expect(
            [0, 999, 1000, -12_040, 1_234_567].map { Quantity.text($0) } == [
                "0", "999", "1,000", "-12,040", "1,234,567",
            ]
        )
        #expect(
            [0, 0.04, 4.75, 99.96, 120.4, 12_040.5].map { Quantity.text($0) } == [
                "0", "0", "4.8", "100", "120", "12,041",
            ]
        )
        #expect(
            [0.4, 40.4, 999, 1250, 15_700].map(Quantity.duration) == [
                "0 ms", "40 ms", "999 ms", "1.3 s", "15.7 s",
            ]
        )
        #expect(Quantity.text(Double.infinity) == "-")
    }
}
