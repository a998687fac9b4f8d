namespace Kopis.Host.Doctor;

/// <summary>The list of all checks, from which results, manual page and options are made.</summary>
internal static class DoctorCatalog
{
    /// <summary>The checks, in the order of the report.</summary>
    internal static readonly DoctorCheck[] All =
    [
        .. HostCatalog.Checks, .. DomainCatalog.Checks, .. ServiceCatalog.Checks,
    ];

    private static readonly Dictionary<string, DoctorCheck> ById =
        All.ToDictionary(check => check.Id);

    /// <summary>The check with an id; null if there is none.</summary>
    internal static DoctorCheck? Find(string id) => ById.GetValueOrDefault(id);

    /// <summary>The check with an id, which must exist.</summary>
    internal static DoctorCheck Required(string id) => ById[id];
}
