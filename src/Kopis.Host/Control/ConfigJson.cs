using System.Text.Json;

namespace Kopis.Host.Control;

/// <summary>The findings of <c>kopis config check</c> as JSON: an object with <c>exit</c> and
/// <c>findings</c>; each finding has <c>file</c>, <c>text</c> and <c>wrong</c>.</summary>
internal static class ConfigJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>ASCII, ended by LF.</summary>
    /// <param name="found">The lines, and whether each reports a fault.</param>
    /// <param name="code">The program's exit code.</param>
    internal static byte[] Of(IEnumerable<(string Line, bool IsWrong)> found, int code)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("exit", code);
            json.WriteStartArray("findings");
            foreach ((string line, bool isWrong) in found)
            {
                int end = line.IndexOf(": ", StringComparison.Ordinal);
                bool hasFile = end > 0 && line.AsSpan(0, end).Contains('/');
                json.WriteStartObject();
                json.WriteString("file", hasFile ? line[..end] : null);
                json.WriteString("text", hasFile ? line[(end + 2)..] : line);
                json.WriteBoolean("wrong", isWrong);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}
