using System.Buffers;

namespace Kopis.Mail.Dsn;

/// <summary>How parameters stand side by side.</summary>
internal static class ParameterText
{
    /// <summary>Adds a word after a blank; nothing for an empty one.</summary>
    internal static void Add(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> word)
    {
        if (!word.IsEmpty)
        {
            to.Write(to.WrittenCount > 0 ? " "u8 : []);
            to.Write(word);
        }
    }
}
