using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

public class ReceivedLineTests
{
    private static readonly DateTimeOffset Time = new(2000, 1, 1, 0, 1, 2, TimeSpan.Zero);

    [Theory]
    [InlineData("ozenji.gcd.org", "sengoku", "toyokawa.gcd.org", "ozenji.gcd.org",
        "from ozenji.gcd.org (sengoku@192.168.1.4)\n  by toyokawa.gcd.org with SMTP")]
    [InlineData("ozenji.gcd.org", null, "toyokawa.gcd.org", "OZENJI.GCD.ORG",
        "from ozenji.gcd.org (192.168.1.4)\n  by toyokawa.gcd.org with SMTP")]
    [InlineData(null, null, null, "other",
        "from unknown (HELO other) (192.168.1.4)\n  by 10.0.0.1 with SMTP")]
    [InlineData(null, null, null, null, "from unknown (192.168.1.4)\n  by 10.0.0.1 with SMTP")]
    [InlineData("h", "", "l", "", "from h (HELO ) (@192.168.1.4)\n  by l with SMTP")]
    [InlineData("h", "a b", "l", "x) by evil\n(\xff[::1]",
        "from h (HELO x??by?evil???[::1]) (a?b@192.168.1.4)\n  by l with SMTP")]
    public void Shape(string? host, string? info, string? local, string? helo, string line)
    {
        ByteEnvironment environment = new();
        environment["TCPREMOTEHOST"] = Bytes(host);
        environment["TCPREMOTEINFO"] = Bytes(info);
        environment["TCPREMOTEIP"] = "192.168.1.4"u8.ToArray();
        environment["TCPLOCALHOST"] = Bytes(local);
        environment["TCPLOCALIP"] = "10.0.0.1"u8.ToArray();
        ArrayBufferWriter<byte> to = new();
        ReceivedLine.Write(to, ConnectionEnds.Of(environment), Bytes(helo), "SMTP"u8, Time);
        Assert.Equal(
            $"Received: {line}; 1 Jan 2000 00:01:02 -0000\n",
            Encoding.Latin1.GetString(to.WrittenSpan));
    }

    private static byte[]? Bytes(string? text) =>
        text is null ? null : Encoding.Latin1.GetBytes(text);
}
