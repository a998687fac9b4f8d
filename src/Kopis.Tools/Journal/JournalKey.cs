using Kopis.Base;

namespace Kopis.Tools.Journal;

/// <summary>The key by which records are found: 40 bits of a hash. Different values may share a
/// key, so the caller must compare the record itself.</summary>
internal static class JournalKey
{
    internal const byte Address = (byte)'a', MessageId = (byte)'i', Number = (byte)'m',
        Qp = (byte)'q', Client = (byte)'c';

    /// <summary>The bits of a key.</summary>
    internal const int Bits = 40;

    private const ulong FnvBasis = 14695981039346656037, FnvPrime = 1099511628211;
    private const ulong Mix = 0xff51afd7ed558ccd; // MurmurHash3's, for uniform high bits.
    private const int MixShift = 33;

    /// <summary>The key of a value. The case of ASCII letters is ignored.</summary>
    internal static ulong Of(byte kind, ReadOnlySpan<byte> value)
    {
        ulong hash = (FnvBasis ^ kind) * FnvPrime;
        foreach (byte b in value)
        {
            hash = (hash ^ Ascii8.ToLower(b)) * FnvPrime;
        }

        hash = (hash ^ (hash >> MixShift)) * Mix;
        return (hash ^ (hash >> MixShift)) >> (64 - Bits);
    }

    /// <summary>The kind of a field's values; null if records are not found by that field.
    /// </summary>
    internal static byte? KindOf(ReadOnlySpan<byte> field) =>
        field.SequenceEqual("from"u8) || field.SequenceEqual("to"u8)
            || field.SequenceEqual("login"u8) ? Address
        : field.SequenceEqual("mid"u8) ? MessageId
        : field.SequenceEqual("msg"u8) || field.SequenceEqual("child"u8) ? Number
        : field.SequenceEqual("qp"u8) || field.SequenceEqual("fwd"u8) ? Qp
        : field.SequenceEqual("ip"u8) ? Client
        : null;
}
