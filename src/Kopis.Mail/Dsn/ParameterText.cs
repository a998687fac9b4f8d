using System.Buffers;

namespace Kopis.Mail.Dsn;

/// <summary>Joins parameters.</summary>
internal static class ParameterText
{
    /// <summary>Adds a word after a blank; an empty word adds nothing.</summary>
    internal static void Add(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> word)
    {
        if (!word.IsEmpty)
        {
            to.Write(to.WrittenCount > 0 ? " "u8 : []);
            to.Write(word);
        }
    }
}
