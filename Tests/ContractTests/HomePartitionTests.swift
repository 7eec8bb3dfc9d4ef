import Testing

@testable import Contract

/// Kafka's Java client defines these; its own tests hold the hashes.
@Suite struct HomePartitionTests {
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ])
    func hashesLikeTheJavaClient(text: String, hash: Int32) {
        #expect(Int32(bitPattern: HomePartition.murmur2(Array(text.utf8))) == hash)
    }

    @Test func caseDoesNotMatter() {
        #expect(
            HomePartition.of("trx-1", partitions: 12) == HomePartition.of("TRX-1", partitions: 12)
        )
    }
}
