using Kopis.Base;
using Kopis.Mail.SmtpClient;

namespace Kopis.Mail.Tests;

/// <summary>Which replies to RCPT say that a transaction has too many recipients.</summary>
public class RecipientLimitTests
{
    [Theory]
    [InlineData("452 4.5.3 Error: too many recipients", true, true)]
    [InlineData("452 too much", true, true)]
    [InlineData("552 too much", true, true)]
    [InlineData("450 4.5.3 later", true, true)]
    [InlineData("550 5.5.3 no more", true, true)]
    [InlineData("450 4.7.1 Error: Too Many Recipients", true, true)]
    [InlineData("451 Too many recipients in this message", true, true)]
    [InlineData("450 too many rcpts", true, true)]
    [InlineData("452 4.2.2 Mailbox full", true, false)]
    [InlineData("452 4.3.1 Insufficient system storage", true, false)]
    [InlineData("552 5.2.2 Mailbox full", true, false)]
    [InlineData("450 4.2.0 Greylisted", false, false)]
    [InlineData("451 4.5.30 later", false, false)]
    [InlineData("550 5.1.1 User unknown", false, false)]
    [InlineData("250 too many recipients, but I take them", false, false)]
    public void A_reply(string reply, bool isMet, bool isSaid)
    {
        byte[] bytes = ByteText.ToBytes(reply + "\n");
        int code = int.Parse(reply[..3], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(isMet, RecipientLimit.IsMet(code, bytes));
        Assert.Equal(isSaid, RecipientLimit.IsSaid(code, bytes));
    }
}
