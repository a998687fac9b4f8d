namespace Kopis.Host.Doctor;

/// <summary>A check of the catalogue.</summary>
/// <param name="Id">Its name, <c>area.word</c>.</param>
/// <param name="Failed">What it is where it fails.</param>
/// <param name="What">What has to be so.</param>
/// <param name="Why">Why that matters.</param>
/// <param name="Mend">What to do where it is not, in general.</param>
internal sealed record DoctorCheck(
    string Id, DoctorState Failed, string What, string Why, string Mend);
