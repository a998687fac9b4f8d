using System.Text.Json;

namespace Kopis.Web.Live;

/// <summary>The output of <c>kopis doctor --json</c>.</summary>
/// <param name="Began">When the run began.</param>
/// <param name="Checked">How many things it looked at.</param>
/// <param name="Findings">What is not as it should be.</param>
/// <param name="Fault">Why there is no result; null if there is one.</param>
internal sealed record DoctorReport(
    DateTimeOffset Began, int Checked, IReadOnlyList<DoctorFinding> Findings, string? Fault)
{
    /// <exception cref="JsonException">The text is not output of kopis doctor.</exception>
    internal static DoctorReport Parse(DateTimeOffset began, byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return new DoctorReport(
                began, root.GetProperty("checked").GetInt32(),
                [.. root.GetProperty("findings").EnumerateArray().Select(one => new DoctorFinding(
                    Text(one, "id"), Text(one, "state"), Text(one, "subject"), Text(one, "text"),
                    Text(one, "wanted"), Text(one, "why"), Text(one, "mend")))],
                null);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new JsonException("not the output of kopis doctor", e);
        }
    }

    private static string Text(JsonElement one, string name) =>
        one.GetProperty(name).GetString() ?? "";
}
