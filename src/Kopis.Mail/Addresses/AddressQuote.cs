using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Addresses;

/// <summary>An envelope address in the form of headers and SMTP commands (contract §3).</summary>
public static class AddressQuote
{
    private static readonly SearchValues<byte> Specials =
        SearchValues.Create("\"(),:;<>@[\\] "u8);

    /// <summary>
    /// Quotes the box where it needs it; the host is never quoted, the empty address stays empty.
    /// </summary>
    public static byte[] Quote(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        if (address.IsEmpty || !NeedsQuotes(parts.Local))
        {
            return address.ToArray();
        }

        ArrayBufferWriter<byte> to = new(address.Length + 8);
        to.Write("\""u8);
        foreach (byte b in parts.Local)
        {
            if (b is (byte)'\r' or (byte)'\n' or (byte)'"' or (byte)'\\')
            {
                to.Write("\\"u8);
            }

            to.WriteByte(b);
        }

        to.Write("\""u8);
        to.Write(parts.AtDomain);
        return to.WrittenSpan.ToArray();
    }

    private static bool NeedsQuotes(ReadOnlySpan<byte> box) =>
        box.IsEmpty
        || box.ContainsAny(Specials)
        || box.ContainsAnyInRange((byte)0, (byte)31)
        || box.ContainsAnyInRange((byte)127, (byte)255)
        || box[0] == (byte)'.' || box[^1] == (byte)'.'
        || box.IndexOf(".."u8) >= 0;
}
