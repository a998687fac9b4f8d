using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>A field in its canonical form (RFC 6376 §3.4.1, §3.4.2).</summary>
internal static class CanonicalHeader
{
    /// <summary>Writes a field without its final line end.</summary>
    internal static void Write(
        ReadOnlySpan<byte> raw, int valueStart, CanonicalForm form, IBufferWriter<byte> to)
    {
        if (form == CanonicalForm.Simple)
        {
            to.Write(raw);
            return;
        }

        ReadOnlySpan<byte> name = raw[..(valueStart - 1)].TrimEnd(" \t"u8);
        Span<byte> lower = to.GetSpan(name.Length + 1);
        for (int i = 0; i < name.Length; i++)
        {
            lower[i] = Ascii8.ToLower(name[i]);
        }

        lower[name.Length] = (byte)':';
        to.Advance(name.Length + 1);
        WriteRelaxed(raw[valueStart..], to);
    }

    /// <summary>Unfolds a field. Each run of blanks becomes one space; blanks at both ends are
    /// removed.</summary>
    private static void WriteRelaxed(ReadOnlySpan<byte> value, IBufferWriter<byte> to)
    {
        Span<byte> span = to.GetSpan(value.Length + 1);
        int at = 0;
        bool isBlankDue = false;
        foreach (byte one in value)
        {
            if (one is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                // A line end within a field is followed by a blank, so it adds none of its own.
                isBlankDue |= one is (byte)' ' or (byte)'\t';
                continue;
            }

            if (isBlankDue && at > 0)
            {
                span[at++] = (byte)' ';
            }

            isBlankDue = false;
            span[at++] = one;
        }

        to.Advance(at);
    }
}
