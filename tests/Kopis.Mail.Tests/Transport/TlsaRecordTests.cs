using Kopis.Mail.Transport;

namespace Kopis.Mail.Tests.Transport;

public sealed class TlsaRecordTests
{
    /// <summary>RFC 7672 §3.1.3: public authorities have no part in mail.</summary>
    [Theory]
    [InlineData(3, 1, 1, 32, true)]
    [InlineData(3, 0, 2, 64, true)]
    [InlineData(2, 0, 0, 1, true)]
    [InlineData(2, 1, 1, 32, true)]
    [InlineData(0, 1, 1, 32, false)]
    [InlineData(1, 1, 1, 32, false)]
    [InlineData(4, 1, 1, 32, false)]
    [InlineData(255, 1, 1, 32, false)]
    [InlineData(3, 2, 1, 32, false)]
    [InlineData(3, 1, 3, 32, false)]
    [InlineData(3, 1, 1, 31, false)]
    [InlineData(3, 1, 1, 64, false)]
    [InlineData(3, 1, 2, 32, false)]
    [InlineData(3, 1, 0, 0, false)]
    public void Some_are_of_use(
        byte usage, byte selector, byte matching, int bytes, bool isUsable) =>
        Assert.Equal(
            isUsable, new TlsaRecord(usage, selector, matching, new byte[bytes]).IsUsable);

    [Fact]
    public void The_strongest_digest_of_a_thing_counts()
    {
        TlsaRecord weak = new(3, 1, 1, new byte[32]);
        TlsaRecord strong = new(3, 1, 2, new byte[64]);
        TlsaRecord other = new(2, 1, 1, new byte[32]);
        TlsaRecord whole = new(3, 1, 0, new byte[5]);
        TlsaRecord broken = new(2, 1, 2, new byte[3]);
        Assert.Equal(
            [strong, other, whole], TlsaRecord.Usable([weak, strong, other, whole, broken]));
    }

    [Fact]
    public void They_are_written_as_in_zones() =>
        Assert.Equal("3 1 0 0AFF", new TlsaRecord(3, 1, 0, [10, 255]).ToString());
}
