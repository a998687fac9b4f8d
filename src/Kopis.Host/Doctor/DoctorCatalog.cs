namespace Kopis.Host.Doctor;

/// <summary>Every check there is: the one list that results, page and options follow.</summary>
internal static class DoctorCatalog
{
    /// <summary>In the order of the report.</summary>
    internal static readonly DoctorCheck[] All =
    [
        .. HostCatalog.Checks, .. DomainCatalog.Checks, .. ServiceCatalog.Checks,
    ];

    private static readonly Dictionary<string, DoctorCheck> ById =
        All.ToDictionary(check => check.Id);

    /// <summary>A check by its id; null where there is none.</summary>
    internal static DoctorCheck? Find(string id) => ById.GetValueOrDefault(id);

    /// <summary>A check that is there.</summary>
    internal static DoctorCheck Required(string id) => ById[id];
}
