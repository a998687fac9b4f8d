namespace Kopis.Web.Live;

/// <summary>One finding of kopis doctor, in its own words (kopis-doctor(8)).</summary>
internal sealed record DoctorFinding(
    string Id, string State, string Subject, string Text, string Wanted, string Why, string Mend);
