using Kopis.Base;
using Kopis.Mail.Transport;

namespace Kopis.Mail.Tests.Transport;

public sealed class TlsRequiredFieldTests
{
    [Theory]
    [InlineData("TLS-Required: No\n\n", true)]
    [InlineData("Subject: x\r\ntls-required:no\r\n\r\n", true)]
    [InlineData("TLS-Required : No \n", true)]
    [InlineData("TLS-Required: Yes\n\n", false)]
    [InlineData("TLS-Required: No, really\n\n", false)]
    [InlineData("X-TLS-Required: No\n\n", false)]
    [InlineData("Subject: x\n TLS-Required: No\n\n", false)] // Of the field before.
    [InlineData("Subject: x\n\nTLS-Required: No\n", false)] // Of the body.
    [InlineData("TLS-Required: No\nTLS-Required: No\n\n", false)]
    [InlineData("", false)]
    public void Only_the_field_itself_counts(string text, bool isNo) =>
        Assert.Equal(isNo, TlsRequiredField.IsIn(ByteText.ToBytes(text)));
}
