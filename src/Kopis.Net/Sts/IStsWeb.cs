namespace Kopis.Net.Sts;

/// <summary>Where policies are fetched.</summary>
public interface IStsWeb
{
    /// <summary>Fetches the policy of a domain. Nothing is thrown for what a server does.</summary>
    /// <param name="domain">Normalized.</param>
    /// <param name="stop">Ends it.</param>
    Task<StsFetched> FetchAsync(string domain, CancellationToken stop);
}
