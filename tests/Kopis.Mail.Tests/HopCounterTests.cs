using System.Text;
using Kopis.Mail.Header;

namespace Kopis.Mail.Tests;

public class HopCounterTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("Received: x\n", 1)]
    [InlineData("RECEIVED by\nrEcEiVeD\nDelivered-To: a\nDELIVERED\n", 4)]
    [InlineData("Received-SPF: counts\n", 1)]
    [InlineData("Receive: no\nDeliver: no\n Received: no\nX-Received: no\n", 0)]
    [InlineData("Received: 1\n\nReceived: body\n", 1)]
    [InlineData("\nReceived: body\n", 0)]
    [InlineData("Subject: x\nReceived", 1)]
    public void Header_lines_that_begin_so(string message, int hops)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        for (int cut = 1; cut <= Math.Max(1, bytes.Length); cut++)
        {
            HopCounter counter = new();
            for (int at = 0; at < bytes.Length; at += cut)
            {
                counter.Append(bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)));
            }

            Assert.Equal(hops, counter.Count);
        }
    }
}
