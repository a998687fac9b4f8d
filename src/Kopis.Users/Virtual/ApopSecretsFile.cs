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

    /// <summary>Whether a home has such a file.</summary>
    public static bool Exists(string homeDirectory) => File.Exists(FileName(homeDirectory));

    /// <summary>Stores a user's secret, or removes it.</summary>
    /// <param name="address">The user.</param>
    /// <param name="secret">The password in the clear; null: none.</param>
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

    /// <summary>Replaces the file, durably.</summary>
    public void Save() => _table.Save();

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _table.Dispose();
}
