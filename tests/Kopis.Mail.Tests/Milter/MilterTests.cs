using System.Buffers;
using System.Text;
using Kopis.Mail.Milter;

namespace Kopis.Mail.Tests.Milter;

/// <summary>The milter protocol, without a filter.</summary>
public sealed class MilterTests
{
    [Fact]
    public void A_packet_is_written_as_it_is_read()
    {
        for (int size = 0; size < 300; size += 7)
        {
            ArrayBufferWriter<byte> to = new();
            MilterPacket.Write(to, 'b', new byte[size]);
            Assert.Equal(size + 1, MilterPacket.ReadLength(to.WrittenSpan));
            Assert.True(MilterReply.TryParse(
                to.WrittenSpan[MilterPacket.LengthBytes..], out MilterReply reply));
            Assert.Equal((MilterReplyKind.ReplaceBody, size), (reply.Kind, reply.First.Length));
        }
    }

    [Theory]
    [InlineData(0u, -1)]
    [InlineData(1u, 1)]
    [InlineData(1024u * 1024, 1024 * 1024)]
    [InlineData((1024u * 1024) + 1, -1)]
    [InlineData(uint.MaxValue, -1)]
    public void A_length_is_believed_up_to_a_limit(uint length, int wanted) => Assert.Equal(
        wanted, MilterPacket.ReadLength(
            [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]));

    [Theory]
    [InlineData("c", true)]
    [InlineData("cx", false)]
    [InlineData("", false)]
    [InlineData("z", false)]
    [InlineData("hX\0y\0", true)]
    [InlineData("hX\0\0", true)]
    [InlineData("hX\0", false)]
    [InlineData("hX\0y", false)]
    [InlineData("hX\0y\0z\0", false)]
    [InlineData("m\0\0\0\u0001X\0y\0", true)]
    [InlineData("m\0\0\0", false)]
    [InlineData("+<a>\0", true)]
    [InlineData("+<a>", false)]
    [InlineData("e<a>\0", true)]
    [InlineData("e<a>\0SIZE=1\0", true)]
    [InlineData("b", true)]
    public void A_reply_is_read_strictly(string packet, bool isOne) => Assert.Equal(
        isOne, MilterReply.TryParse(Encoding.Latin1.GetBytes(packet), out _));

    [Theory]
    [InlineData("550 5.7.1 no", "550 no", "550 5.7.1 no")]
    [InlineData("550 no", "550 no", "550 5.7.1 no")]
    [InlineData("451 4.7.1 later\r\n", "451 later", "451 4.7.1 later")]
    [InlineData("421 4.7.0 bye", "451 bye", "451 4.7.0 bye")]
    [InlineData("550 4.7.1 no", "550 4.7.1 no", "550 5.7.1 4.7.1 no")]
    [InlineData("550", "550 a filter refuses this", "550 5.7.1 a filter refuses this")]
    [InlineData("550-5.7.1 a\r\n550 5.7.1 b", "550 a b", "550 5.7.1 a b")]
    [InlineData("550 a\u0007b", "550 a?b", "550 5.7.1 a?b")]
    public void A_refusal_becomes_one_line(string text, string plain, string enhanced)
    {
        Smtp.SmtpAnswer answer = MilterAnswer.Parse(Encoding.Latin1.GetBytes(text))!;
        Assert.Equal(plain + "\r\n", Encoding.Latin1.GetString(answer.ToBytes(false).Span));
        Assert.Equal(enhanced + "\r\n", Encoding.Latin1.GetString(answer.ToBytes(true).Span));
    }

    [Theory]
    [InlineData("250 fine")]
    [InlineData("550x")]
    [InlineData("55")]
    [InlineData("5a0 x")]
    [InlineData("550 a\r\n551 b")]
    [InlineData("550 a\r\n354 go ahead")]
    public void What_is_no_refusal_is_none(string text) =>
        Assert.Null(MilterAnswer.Parse(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void No_more_is_agreed_on_than_was_offered()
    {
        byte[] offer = MilterAgreement.Offer;
        Assert.NotNull(MilterAgreement.TryParse(offer));
        for (int bit = 0; bit < offer.Length * 8; bit++)
        {
            byte[] other = [.. offer];
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            bool isLess = (offer[bit / 8] & ~other[bit / 8]) != 0;
            bool isVersion = bit < 32;
            MilterAgreement? agreed = MilterAgreement.TryParse(other);
            Assert.True(agreed is null || isLess, $"{bit}");
            Assert.True(isVersion || agreed is not null == isLess, $"{bit}");
        }

        for (int cut = 0; cut < offer.Length; cut++)
        {
            Assert.Null(MilterAgreement.TryParse(offer.AsSpan(0, cut)));
        }
    }

    [Fact]
    public void Macros_without_a_value_are_not_sent()
    {
        MilterMacros macros = new();
        macros.Set("i", "7"u8.ToArray());
        macros.Set("{auth_type}", []);
        macros.Set("{mail_addr}", "a\0b"u8.ToArray());
        ArrayBufferWriter<byte> to = new();
        macros.Write(to, MilterStage.Sender, 'M', MilterAgreement.TryParse(MilterAgreement.Offer)!);
        Assert.Equal(
            "DMi\07\0{mail_addr}\0a b\0",
            Encoding.Latin1.GetString(to.WrittenSpan[MilterPacket.LengthBytes..]));
    }
}
