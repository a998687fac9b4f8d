namespace Kopis.Users.Virtual;

/// <summary>Changes <c>users/aliases</c>, in the way that <see cref="VirtualUsersFile"/> changes
/// the users.</summary>
public sealed class VirtualAliasesFile : IDisposable
{
    private readonly TableWriter _table;

    /// <summary>Takes the lock and reads the file.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="Base.ConfigurationException">The file cannot be parsed.</exception>
    public VirtualAliasesFile(string homeDirectory) => _table = new TableWriter(
        VirtualUsers.UsersDirectory(homeDirectory), VirtualAliases.Format);

    /// <summary>Whether the alias exists.</summary>
    public bool Has(string address) => _table.Find(address) is not null;

    /// <summary>Adds an alias, or changes its targets.</summary>
    public void Set(string address, IEnumerable<string> targets) =>
        _table.Set(address, string.Join(',', targets));

    /// <summary>Removes an alias.</summary>
    public bool Remove(string address) => _table.Remove(address);

    /// <summary>Replaces the file, durably.</summary>
    public void Save() => _table.Save();

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _table.Dispose();
}
