namespace Kopis.Host.Doctor;

/// <summary>Collects the results of the checks of one subject.</summary>
/// <param name="subject">The subject.</param>
internal sealed class Verdicts(string subject)
{
    private readonly string _subject = DoctorResult.Safe(subject);

    /// <summary>All results.</summary>
    internal List<DoctorResult> All { get; } = [];

    /// <summary>Adds a result: the check fails if <paramref name="isBad"/>, and is ok otherwise.
    /// </summary>
    /// <returns>Whether the check is ok.</returns>
    internal bool Judge(string id, bool isBad, string text, string? mend = null)
    {
        DoctorCheck check = DoctorCatalog.Required(id);
        All.Add(isBad
            ? new DoctorResult(
                check, _subject, check.Failed, DoctorResult.Safe(text), mend ?? check.Mend)
            : new DoctorResult(check, _subject, DoctorState.Ok, "", ""));
        return !isBad;
    }

    /// <summary>Adds that the check could not be made.</summary>
    internal void Unknown(string id, string reason) => All.Add(new DoctorResult(
        DoctorCatalog.Required(id), _subject, DoctorState.Unchecked, DoctorResult.Safe(reason),
        ""));
}
