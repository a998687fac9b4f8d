using System.Text;
using Kopis.Net.Proxy;

namespace Kopis.Net.Tests;

public class ProxyHeaderTests
{
    private static readonly byte[] Signature = "\r\n\r\n\0\r\nQUIT\n"u8.ToArray();

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324 25", "192.0.2.1:56324 198.51.100.2:25")]
    [InlineData("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0", "255.255.255.255:65535 0.0.0.0:0")]
    [InlineData("PROXY TCP6 2001:db8::1 ::1 1 25", "[2001:db8::1]:1 [::1]:25")]
    [InlineData("PROXY UNKNOWN", "0.0.0.0:0 0.0.0.0:0")]
    [InlineData("PROXY UNKNOWN ffff::1 ::1 1 2", "0.0.0.0:0 0.0.0.0:0")]
    public void Lines(string line, string ends)
    {
        Assert.True(ProxyHeader.TryParseLine(
            Encoding.Latin1.GetBytes(line + "\r\n"), out ProxyEnds? read));
        Assert.Equal(ends, $"{read!.Remote} {read.Local}");
    }

    [Theory] // Hostile inputs 12.
    [InlineData("PROXY TCP4 2001:db8::1 ::1 1 25\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 192.0.2.2 1 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 1 25\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 1 25")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 1 25 x\r\n")]
    [InlineData("PROXY TCP4  192.0.2.1 192.0.2.2 1 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2 192.0.2.2 1 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.010 192.0.2.2 1 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 65536 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 -1 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 01 25\r\n")]
    [InlineData("PROXY TCP6 fe80::1%eth0 ::1 1 25\r\n")]
    [InlineData("PROXY UDP4 192.0.2.1 192.0.2.2 1 25\r\n")]
    [InlineData("proxy TCP4 192.0.2.1 192.0.2.2 1 25\r\n")]
    [InlineData("PROXY UNKNOWN a\rEHLO b\r\n")]
    [InlineData("PROXY UNKNOWN a\nEHLO b\r\n")]
    [InlineData("PROXY UNKNOWN \0\r\n")]
    [InlineData("EHLO client.example\r\n")]
    public void What_is_no_line(string line) => Assert.False(
        ProxyHeader.TryParseLine(Encoding.Latin1.GetBytes(line), out _));

    [Fact]
    public void A_line_has_at_most_107_bytes()
    {
        string line = "PROXY UNKNOWN ".PadRight(105, 'x');
        Assert.True(ProxyHeader.TryParseLine(Encoding.Latin1.GetBytes(line + "\r\n"), out _));
        Assert.False(ProxyHeader.TryParseLine(Encoding.Latin1.GetBytes(line + "x\r\n"), out _));
    }

    [Fact]
    public void Binary()
    {
        byte[] four = [192, 0, 2, 1, 198, 51, 100, 2, 0xDC, 4, 0, 25];
        Assert.True(TryParse(0x21, 0x11, four, out ProxyEnds? ends));
        Assert.Equal("192.0.2.1:56324 198.51.100.2:25", $"{ends!.Remote} {ends.Local}");
        Assert.True(TryParse(0x21, 0x11, [.. four, 3, 0, 4, 1, 2, 3, 4], out ends)); // A TLV.
        Assert.Equal("192.0.2.1:56324", $"{ends!.Remote}");
        byte[] six = [0x20, 1, 0xD, 0xB8, .. new byte[11], 1, .. new byte[15], 1, 0, 7, 0, 25];
        Assert.True(TryParse(0x21, 0x21, six, out ends));
        Assert.Equal("[2001:db8::1]:7 [::1]:25", $"{ends!.Remote} {ends.Local}");
        Assert.True(TryParse(0x20, 0x11, four, out ends)); // LOCAL: the proxy itself.
        Assert.Null(ends);
        Assert.True(TryParse(0x21, 0, [], out ends));
        Assert.Equal("0.0.0.0:0", $"{ends!.Remote}");
    }

    [Theory]
    [InlineData(0x21, 0x11, 11)] // Too short for its addresses.
    [InlineData(0x21, 0x21, 35)]
    [InlineData(0x11, 0x11, 12)] // Version 1 in binary.
    [InlineData(0x22, 0x11, 12)] // A command of the future.
    [InlineData(0x21, 0x12, 12)] // A datagram.
    [InlineData(0x21, 0x31, 216)] // A Unix socket.
    public void What_is_no_binary_header(byte command, byte family, int rest) =>
        Assert.False(TryParse(command, family, new byte[rest], out _));

    [Fact]
    public void Its_length_is_believed_only_within_bounds()
    {
        byte[] header = [.. Signature, 0x21, 0x11, 0x10, 0x01];
        Assert.Null(ProxyHeader.RestOf(header));
        Assert.False(ProxyHeader.TryParseBinary(header, out _));
        header = [.. Signature, 0x21, 0x11, 0, 12, 1, 2, 3];
        Assert.False(ProxyHeader.TryParseBinary(header, out _));
    }

    private static bool TryParse(byte command, byte family, byte[] rest, out ProxyEnds? ends) =>
        ProxyHeader.TryParseBinary(
            [.. Signature, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest],
            out ends);
}
