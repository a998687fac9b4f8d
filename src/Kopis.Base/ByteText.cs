using System.Text;

namespace Kopis.Base;

/// <summary>
/// Bytes to text and back, one byte a character (Latin-1), so that any byte string survives the
/// round trip. For file names, logs and dictionary keys; protocol data stays bytes.
/// </summary>
public static class ByteText
{
    /// <summary>One character for each byte.</summary>
    public static string ToText(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>One byte for each character; characters over 255 become <c>?</c>.</summary>
    public static byte[] ToBytes(string text) => Encoding.Latin1.GetBytes(text);
}
