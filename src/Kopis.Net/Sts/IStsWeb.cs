namespace Kopis.Net.Sts;

/// <summary>Fetches policies of MTA-STS.</summary>
public interface IStsWeb
{
    /// <summary>Fetches the policy of a domain. Nothing that a server does makes it throw.
    /// </summary>
    /// <param name="domain">The domain, normalized.</param>
    /// <param name="stop">Ends the fetch.</param>
    Task<StsFetched> FetchAsync(string domain, CancellationToken stop);
}
