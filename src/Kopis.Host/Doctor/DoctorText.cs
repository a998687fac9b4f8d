using System.Text;

namespace Kopis.Host.Doctor;

/// <summary>Results for people.</summary>
internal static class DoctorText
{
    private const string Plain = "\e[0m";

    /// <summary>The results, the worst first, and a line of totals.</summary>
    /// <param name="found">The results that are not ok.</param>
    /// <param name="ok">The number of results that are ok.</param>
    /// <param name="hasColour">Whether to use colours, for a terminal.</param>
    internal static string Of(IReadOnlyList<DoctorResult> found, int ok, bool hasColour)
    {
        return Findings(found, hasColour)
            + $"{found.Count + ok} checks: {Count(found, DoctorState.Fault)} faults, "
            + $"{Count(found, DoctorState.Warning)} warnings, "
            + $"{Count(found, DoctorState.Note)} notes, "
            + $"{Count(found, DoctorState.Unchecked)} could not be made\n";
    }

    /// <summary>Sorts the worst first.</summary>
    internal static string Findings(IEnumerable<DoctorResult> found, bool hasColour)
    {
        StringBuilder text = new();
        foreach (DoctorResult one in found.OrderByDescending(one => one.State))
        {
            string word = Word(one.State);
            text.Append(hasColour ? Colour(one.State) + word + Plain : word)
                .Append($" {one.Check.Id} {one.Subject}: {one.Text}\n");
            if (one.State != DoctorState.Unchecked)
            {
                text.Append($"    wanted: {one.Check.What}\n    why: {one.Check.Why}\n")
                    .Append($"    mend: {one.Mend}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>The word for a state.</summary>
    internal static string Word(DoctorState state) => state.ToString().ToLowerInvariant();

    private static int Count(IReadOnlyList<DoctorResult> found, DoctorState state) =>
        found.Count(one => one.State == state);

    private static string Colour(DoctorState state) => state switch
    {
        DoctorState.Fault => "\e[31m",
        DoctorState.Warning => "\e[33m",
        _ => "\e[36m",
    };
}
