using Kopis.Base;

namespace Kopis.Mail;

/// <summary>What an EHLO reply offers that we use.</summary>
public readonly record struct ServerOffers(bool Pipelining, bool Size, bool EightBitMime)
{
    /// <summary>Reads the lines after the first.</summary>
    public static ServerOffers Parse(ReadOnlySpan<byte> reply)
    {
        ServerOffers offers = default;
        bool first = true;
        while (!reply.IsEmpty)
        {
            int end = reply.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? reply : reply[..end];
            reply = end < 0 ? [] : reply[(end + 1)..];
            if (!first && line.Length > 4)
            {
                ReadOnlySpan<byte> rest = line[4..];
                int space = rest.IndexOf((byte)' ');
                offers = offers.With(space < 0 ? rest : rest[..space]);
            }

            first = false;
        }

        return offers;
    }

    private ServerOffers With(ReadOnlySpan<byte> keyword) =>
        Ascii8.EqualsIgnoreCase(keyword, "PIPELINING"u8) ? this with { Pipelining = true }
        : Ascii8.EqualsIgnoreCase(keyword, "SIZE"u8) ? this with { Size = true }
        : Ascii8.EqualsIgnoreCase(keyword, "8BITMIME"u8) ? this with { EightBitMime = true }
        : this;
}
