namespace Kopis.Host.Doctor;

/// <summary>A check of the catalogue.</summary>
/// <param name="Id">Its name, <c>area.word</c>.</param>
/// <param name="Failed">The state of a finding if the check fails.</param>
/// <param name="What">What should be so.</param>
/// <param name="Why">Why that matters.</param>
/// <param name="Mend">What to do if it fails, in general.</param>
internal sealed record DoctorCheck(
    string Id, DoctorState Failed, string What, string Why, string Mend);
