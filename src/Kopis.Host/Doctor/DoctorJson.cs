using System.Text.Json;

namespace Kopis.Host.Doctor;

/// <summary>Results as JSON: an object with <c>checked</c>, <c>exit</c> and <c>findings</c>.
/// </summary>
internal static class DoctorJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>ASCII, ended by LF.</summary>
    internal static byte[] Of(IReadOnlyList<DoctorResult> found, int ok, int code)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("checked", found.Count + ok);
            json.WriteNumber("exit", code);
            json.WriteStartArray("findings");
            foreach (DoctorResult one in found)
            {
                json.WriteStartObject();
                json.WriteString("id", one.Check.Id);
                json.WriteString("state", DoctorText.Word(one.State));
                json.WriteString("subject", one.Subject);
                json.WriteString("text", one.Text);
                json.WriteString("wanted", one.Check.What);
                json.WriteString("why", one.Check.Why);
                json.WriteString("mend", one.Mend);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}
