namespace Kopis.Users.Virtual;

/// <summary>Changes <c>users/apop</c>: one writer at a time, each change whole or not at all.
/// </summary>
public sealed class ApopSecretsFile : IDisposable
{
    private readonly TableWriter _table;

    /// <summary>Takes the lock and reads the file.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="Base.ConfigurationException">The file cannot be parsed.</exception>
    public ApopSecretsFile(string homeDirectory) =>
        _table = new TableWriter(VirtualUsers.UsersDirectory(homeDirectory), ApopSecrets.Format);

    /// <summary>Where the secrets of a home are kept.</summary>
    public static string FileName(string homeDirectory) =>
        ApopSecrets.Format.TextPath(VirtualUsers.UsersDirectory(homeDirectory));

    /// <summary>Whether a home has any.</summary>
    public static bool Exists(string homeDirectory) => File.Exists(FileName(homeDirectory));

    /// <summary>Keeps a user's secret, or forgets the one there was.</summary>
    /// <param name="address">The user.</param>
    /// <param name="secret">The password as it is; null for none.</param>
    public void Set(string address, string? secret)
    {
        if (secret is not null)
        {
            _table.Set(address, secret);
        }
        else
        {
            _table.Remove(address);
        }
    }

    /// <summary>Puts the new content in the old one's place, durably.</summary>
    public void Save() => _table.Save();

    /// <summary>Lets the next writer in.</summary>
    public void Dispose() => _table.Dispose();
}
